package guest

import "unsafe"

func addressOf[T any](value *T) uintptr { return uintptr(unsafe.Pointer(value)) }

//go:wasmimport paca db_query2
//go:noescape
func dbQuery2(sql, sqlLength, params, paramsLength, rows, rowsLength, failure, failureLength int64)

//go:wasmimport paca db_exec
//go:noescape
func dbExec(sql, sqlLength, params, paramsLength, changed, failure, failureLength int64)

//go:wasmimport paca storage_get
//go:noescape
func storageGet(key, keyLength, value, valueLength int64)

//go:wasmimport paca storage_set
//go:noescape
func storageSet(key, keyLength, value, valueLength int64) int32

//go:wasmimport paca event_emit
//go:noescape
func eventEmit(topic, topicLength, payload, payloadLength int64) int32

//go:wasmimport paca log
//go:noescape
func hostLog(level int32, message, messageLength int64)

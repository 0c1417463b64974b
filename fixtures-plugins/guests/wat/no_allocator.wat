;; Exports neither `paca_malloc` nor `malloc`: the host has no place to put the request.
(module
  (memory (export "memory") 1)
  (func (export "Init") (result i32) (i32.const 0))
  (func (export "HandleRequest") (param i32 i32) (result i64) (i64.const 0)))

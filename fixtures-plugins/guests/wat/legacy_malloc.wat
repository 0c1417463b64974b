;; Exports `malloc`, the allocator's name before `paca_malloc`: it must be used. The plugin answers 200 `malloc`
;; when the request lies where `malloc` put it, and traps when it lies anywhere else.
(module
  (memory (export "memory") 2)
  (data (i32.const 0) "{\"status\":200,\"headers\":{\"Content-Type\":\"text/plain\"},\"body\":\"bWFsbG9j\"}")
  (func (export "malloc") (param i32) (result i32) (i32.const 4096))
  (func (export "Init") (result i32) (i32.const 0))
  (func (export "HandleRequest") (param $request i32) (param i32) (result i64)
    (if (i32.ne (local.get $request) (i32.const 4096)) (then (unreachable)))
    ;; address 0, length 72
    (i64.const 72)))

;; `HandleRequest` takes one i32 and returns an i32, where the ABI has (i32, i32) -> i64: the load must fail
;; with a message that names what was expected.
(module
  (memory (export "memory") 1)
  (func (export "paca_malloc") (param i32) (result i32) (i32.const 1024))
  (func (export "Init") (result i32) (i32.const 0))
  (func (export "HandleRequest") (param i32) (result i32) (i32.const 0)))

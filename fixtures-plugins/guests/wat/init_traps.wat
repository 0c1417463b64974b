;; `Init` traps: the load must fail.
(module
  (memory (export "memory") 1)
  (func (export "paca_malloc") (param i32) (result i32) (i32.const 1024))
  (func (export "Init") (result i32) (unreachable))
  (func (export "HandleRequest") (param i32 i32) (result i64) (i64.const 0)))

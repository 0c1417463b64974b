;; Declares one page more than the 1024 a host gives by default: the load must fail. Its positive twin is
;; memory_at_limit.
(module
  (memory (export "memory") 1025)
  (func (export "paca_malloc") (param i32) (result i32) (i32.const 1024))
  (func (export "Init") (result i32) (i32.const 0))
  (func (export "HandleRequest") (param i32 i32) (result i64) (i64.const 0)))

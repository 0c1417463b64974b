;; Imports a function no host offers: the load must fail and name it.
(module
  (import "paca" "summon_demon" (func (param i64 i64) (result i32)))
  (memory (export "memory") 1)
  (func (export "paca_malloc") (param i32) (result i32) (i32.const 1024))
  (func (export "Init") (result i32) (i32.const 0))
  (func (export "HandleRequest") (param i32 i32) (result i64) (i64.const 0)))

;; Exports no `HandleRequest`: the ABI needs it only for requests, so a plugin that lives on events loads.
(module
  (memory (export "memory") 1)
  (func (export "paca_malloc") (param i32) (result i32) (i32.const 1024))
  (func (export "Init") (result i32) (i32.const 0)))

;; A plugin without a compiler: it counts its visits in key-value storage, and answers 204 with the number in a header.
;; Where it cannot count it traps.
(module
  (import "paca" "storage_get" (func $storage_get (param i64 i64 i64 i64)))
  (import "paca" "storage_set" (func $storage_set (param i64 i64 i64 i64) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "visits")
  ;; 16 and 20: where the host stores address and length of the value
  (data (i32.const 64) "{\"status\":204,\"headers\":{\"X-Visits\":\"")
  (data (i32.const 128) "\"},\"body\":\"\"}")
  ;; 512 to 532: digits, written from the last to the first; 1024: the answer; 4096: what the host may use
  (global $next (mut i32) (i32.const 4096))

  (func (export "ResetAllocator") (global.set $next (i32.const 4096)))

  (func (export "paca_malloc") (param $len i32) (result i32)
    (local $at i32)
    (local.set $at (global.get $next))
    (if (i32.gt_u (local.get $len) (i32.sub (i32.const 65536) (local.get $at))) (then (return (i32.const 0))))
    (global.set $next (i32.add (local.get $at) (local.get $len)))
    (local.get $at))

  (func $stored (result i64)
    (local $at i32) (local $end i32) (local $number i64)
    (i32.store (i32.const 16) (i32.const -1))
    (i32.store (i32.const 20) (i32.const -1))
    (call $storage_get (i64.const 0) (i64.const 6) (i64.const 16) (i64.const 20))
    ;; untouched: the host could not
    (if (i32.eq (i32.load (i32.const 20)) (i32.const -1)) (then (unreachable)))
    (local.set $at (i32.load (i32.const 16)))
    (local.set $end (i32.add (local.get $at) (i32.load (i32.const 20))))
    (block $done
      (loop $digit
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $number
          (i64.add
            (i64.mul (local.get $number) (i64.const 10))
            (i64.extend_i32_u (i32.sub (i32.load8_u (local.get $at)) (i32.const 48)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $digit)))
    (local.get $number))

  ;; Where the digits begin; they end at 532.
  (func $digits (param $number i64) (result i32)
    (local $at i32)
    (local.set $at (i32.const 532))
    (loop $digit
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at)
        (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $number) (i64.const 10)))))
      (local.set $number (i64.div_u (local.get $number) (i64.const 10)))
      (br_if $digit (i64.ne (local.get $number) (i64.const 0))))
    (local.get $at))

  (func (export "HandleRequest") (param i32 i32) (result i64)
    (local $from i32) (local $len i32)
    (local.set $from (call $digits (i64.add (call $stored) (i64.const 1))))
    (local.set $len (i32.sub (i32.const 532) (local.get $from)))
    (if (i32.ne (i32.const 1)
          (call $storage_set (i64.const 0) (i64.const 6)
            (i64.extend_i32_u (local.get $from)) (i64.extend_i32_u (local.get $len))))
      (then (unreachable)))
    (memory.copy (i32.const 1024) (i32.const 64) (i32.const 37))
    (memory.copy (i32.const 1061) (local.get $from) (local.get $len))
    (memory.copy (i32.add (i32.const 1061) (local.get $len)) (i32.const 128) (i32.const 13))
    (i64.or (i64.const 0x40000000000) (i64.extend_i32_u (i32.add (i32.const 50) (local.get $len))))))

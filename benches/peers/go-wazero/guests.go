package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// As many instances are kept while nobody calls them.
const kept = 16

// The instances of one compiled module.
type guests struct {
	runtime wazero.Runtime
	module  wazero.CompiledModule
	idle    chan *guest
}

// One instance. Nobody else calls it meanwhile.
type guest struct {
	module  api.Module
	malloc  api.Function
	handle  api.Function
	reset   api.Function
	scratch [2]uint64
}

func compile(ctx context.Context, wasm []byte) (*guests, error) {
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler())
	module, err := runtime.CompileModule(ctx, wasm)
	if err != nil {
		return nil, err
	}
	guests := &guests{runtime: runtime, module: module, idle: make(chan *guest, kept)}
	first, err := guests.instantiate(ctx)
	if err != nil {
		return nil, err
	}
	guests.idle <- first
	return guests, nil
}

func (g *guests) instantiate(ctx context.Context) (*guest, error) {
	// Without a name, there can be many.
	module, err := g.runtime.InstantiateModule(ctx, g.module, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		return nil, err
	}
	guest := &guest{
		module: module,
		malloc: module.ExportedFunction("paca_malloc"),
		handle: module.ExportedFunction("HandleRequest"),
		reset:  module.ExportedFunction("ResetAllocator"),
	}
	if guest.malloc == nil || guest.handle == nil || guest.reset == nil || module.Memory() == nil {
		return nil, errors.New("the guest lacks an export: paca_malloc, HandleRequest, ResetAllocator, memory")
	}
	return guest, nil
}

// One call in an instance that is idle, else in a new one. It is kept if the call went well.
func (g *guests) call(ctx context.Context, request []byte) ([]byte, error) {
	var guest *guest
	select {
	case guest = <-g.idle:
	default:
		var err error
		if guest, err = g.instantiate(ctx); err != nil {
			return nil, err
		}
	}
	answer, err := guest.call(ctx, request)
	if err == nil {
		select {
		case g.idle <- guest:
			return answer, nil
		default:
		}
	}
	_ = guest.module.Close(ctx)
	return answer, err
}

func (g *guest) call(ctx context.Context, request []byte) ([]byte, error) {
	stack := g.scratch[:]
	stack[0] = uint64(len(request))
	if err := g.malloc.CallWithStack(ctx, stack); err != nil {
		return nil, fmt.Errorf("paca_malloc: %w", err)
	}
	at := uint32(stack[0])
	if !g.module.Memory().Write(at, request) {
		return nil, errors.New("paca_malloc gave what is not in memory")
	}
	stack[0], stack[1] = uint64(at), uint64(len(request))
	if err := g.handle.CallWithStack(ctx, stack); err != nil {
		return nil, fmt.Errorf("HandleRequest: %w", err)
	}
	view, inside := g.module.Memory().Read(uint32(stack[0]>>32), uint32(stack[0]))
	if !inside {
		return nil, errors.New("the answer is not in memory")
	}
	answer := bytes.Clone(view)
	if err := g.reset.CallWithStack(ctx, stack); err != nil {
		return nil, fmt.Errorf("ResetAllocator: %w", err)
	}
	return answer, nil
}

import { type Json, workersOf } from '../../model/index.ts'
import { quoted } from '../../yaml/problem.ts'
import { backendOf } from './backend.ts'
import type { Check, CheckedSweep } from './check.ts'
import type { Meaning } from './setting.ts'
import { type RoleSettings, roleSettings } from './sources.ts'

/** Decode workers read the KV cache that prefill workers wrote: both must lay it out alike, and have a way to send it. */
export const checkCacheAgreement: Check = (sweep, { refuse, warn }) => {
  for (const { prefill, decode } of pairs(sweep)) {
    const dtype = disagreement('kvCacheDtype', prefill, decode, 'auto')
    if (dtype !== null) refuse(dtype.place, `the KV cache dtype is ${dtype.words}`, alike)
    const block = disagreement('kvBlockTokens', prefill, decode, backendOf(sweep.raw) === 'trtllm' ? 32 : undefined)
    if (block !== null) warn(block.place, `the KV cache's block is ${block.words} (tokens)`, alike)
    const speculation = disagreement('speculation', prefill, decode)
    if (speculation !== null && backendOf(sweep.raw) === 'trtllm') {
      warn(
        speculation.place,
        `speculative_config is ${speculation.words}: MTP layers have a KV cache of their own`,
        alike,
      )
    }
    // TensorRT-LLM of Dynamo 0.3 passes the cache on without being told how.
    const byItself = sweep.raw.deploy.with === 'dynamo-serve'
    if (backendOf(sweep.raw) === 'trtllm' && !byItself) checkTransceiver([prefill, decode], { refuse, warn })
  }
}

const alike = 'write the same for both; engine.all moves both together'

function* pairs(sweep: CheckedSweep): Generator<{ prefill: RoleSettings; decode: RoleSettings }> {
  const seen = new Set<string>()
  for (const { topology, engine } of sweep.deployments) {
    const key = JSON.stringify([engine.prefill, engine.decode])
    if (workersOf(topology, 'prefill') === 0 || seen.has(key)) continue
    seen.add(key)
    yield {
      prefill: roleSettings(sweep.raw, 'prefill', engine.prefill ?? {}),
      decode: roleSettings(sweep.raw, 'decode', engine.decode ?? {}),
    }
  }
}

/** @param unsaid what the engine takes when nobody says it */
function disagreement(meaning: Meaning, prefill: RoleSettings, decode: RoleSettings, unsaid?: Json) {
  const [a, b] = [prefill.get(meaning), decode.get(meaning)]
  if (JSON.stringify(a?.value ?? unsaid) === JSON.stringify(b?.value ?? unsaid)) return null
  return {
    place: (b ?? a)?.place ?? decode.place,
    words: `${quoted(a?.value)} in prefill and ${quoted(b?.value)} in decode workers`,
  }
}

/** Without it TensorRT-LLM answers every disaggregated request with an assertion ('kv_cache_transceiver is disabled'). */
function checkTransceiver(pair: readonly RoleSettings[], { refuse, warn }: Parameters<Check>[1]): void {
  for (const settings of pair) {
    if (settings.get('transceiverBackend') === null) {
      refuse(
        settings.place,
        `${settings.role} workers have no cache_transceiver_config.backend, so TensorRT-LLM can't pass the KV cache on`,
        'write cache_transceiver_config: { backend: DEFAULT } for prefill and decode',
      )
    }
    if (settings.role === 'prefill' && settings.get('overlapOff')?.value !== true) {
      warn(
        settings.place,
        'prefill workers run with the overlap scheduler',
        'write disable_overlap_scheduler: true for prefill, as Dynamo’s recipes do',
      )
    }
  }
}

import { nearMiss } from '../../yaml/near-miss.ts'
import { type Backend, backendOf } from './backend.ts'
import { type Check, rolesWithSettings } from './check.ts'
import type { Meaning } from './setting.ts'

const torchDtypes = ['float16', 'bfloat16', 'float32', 'float8_e4m3fn', 'int8', 'half', 'float']

/** Settings that take one of a few words, by engine; each engine refuses others while it starts. */
const words: { readonly [backend in Backend]?: { readonly [meaning in Meaning]?: readonly string[] } } = {
  trtllm: {
    kvCacheDtype: ['auto', 'fp8', 'fp8_ds_mla', 'nvfp4', ...torchDtypes],
    transceiverBackend: ['DEFAULT', 'UCX', 'NIXL', 'MOONCAKE', 'MPI'],
    moeBackend: [
      ...['AUTO', 'CUTLASS', 'CUTEDSL', 'TRTLLM', 'DEEPGEMM', 'DENSEGEMM', 'VANILLA', 'TRITON', 'MARLIN'],
      // WIDEEP is a backend of older versions.
      ...['MEGAMOE_DEEPGEMM', 'MEGAMOE_CUTEDSL', 'WIDEEP'],
    ],
  },
  vllm: {
    kvCacheDtype: [
      ...['auto', 'float16', 'bfloat16', 'fp8', 'fp8_e4m3', 'fp8_e5m2', 'fp8_inc', 'fp8_ds_mla', 'nvfp4'],
      ...['turboquant_k8v4', 'turboquant_4bit_nc', 'turboquant_k3v4_nc', 'turboquant_3bit_nc'],
      ...['int4_per_token_head', 'int8_per_token_head', 'fp8_per_token_head'],
    ],
  },
  sglang: {
    kvCacheDtype: [
      ...['auto', 'fp8_e5m2', 'fp8_e4m3', 'mxfp8', 'bf16', 'bfloat16', 'nvfp4', 'fp4_mx_block16', 'fp4_e2m1'],
    ],
    allToAll: ['none', 'deepep', 'mooncake', 'nixl', 'mori', 'ascend_fuseep', 'flashinfer', 'megamoe', 'ascend_tp'],
  },
}

/** Words that an engine does not know, with the one that was probably meant. */
export const checkWords: Check = (sweep, { refuse }) => {
  for (const { role, settings } of rolesWithSettings(sweep)) {
    for (const [meaning, known] of Object.entries(words[backendOf(sweep.raw)] ?? {})) {
      const found = settings.get(meaning as Meaning)
      if (found === null || found.value === null) continue
      const word = String(found.value)
      if (known.some(one => one.toLowerCase() === word.toLowerCase())) continue
      const near = nearMiss(word, known)
      const right = near === null ? `write one of ${known.join(', ')}` : `did you mean '${near}'?`
      refuse(found.place, `${role} workers' engine has no '${word}' here`, right)
    }
  }
}

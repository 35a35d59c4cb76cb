import { readdir, readFile } from 'node:fs/promises'
import { basename, extname, isAbsolute, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { FulcrumError } from '../model/index.ts'
import { type FollowedVersion, followedVersions } from './followed-version.ts'
import { parseNumberYaml } from './number-lists.ts'
import type { Curve, Surface } from './table.ts'

/** Measured times of one attention layout. */
export interface TimingTable {
  readonly enableAttentionDp: boolean
  /** x: new prompt tokens in one forward pass; y: ms. */
  readonly prefill: Curve
  /** rows: KV tokens of all sequences in the batch; columns: mean context in tokens; z: ms of one decode step. */
  readonly decode: Surface
}

/** Time and memory costs of one worker of a model on a kind of hardware. */
export interface Profile {
  readonly name: string
  /** Decides the shape of answers, and the pass that brings the first token of an aggregated worker. */
  readonly dynamo: FollowedVersion
  readonly model: string
  readonly hardware: string
  readonly source: string
  readonly licence: string
  readonly parallelism: { readonly tensor: number; readonly expert: number; readonly pipeline: number }
  readonly kv: {
    readonly dtype: string
    readonly bytesPerToken: number
    readonly blockTokens: number
    /** Bytes per GPU that remain once the weights are loaded. */
    readonly freeBytesPerGpu: number
  }
  readonly transfer: { readonly bytesPerS: number; readonly latencyMs: number }
  /**
   * Time between a request's arrival and its place in a worker's queue: tokenization, routing and hops between
   * processes.
   */
  readonly frontend: {
    readonly fixedMs: number
    readonly per1000TokensMs: number
    /**
     * Mean additional time per request, exponentially distributed, which keeps requests from moving in lockstep.
     * Default: 0.
     */
    readonly jitterMs?: number
    /**
     * Disaggregated only: minimum time between the end of prefill and the first token, which also delays the tokens
     * behind it (Dynamo 1.4.2 on a reused connection: Nagle's algorithm against delayed acknowledgements). Default: 0.
     */
    readonly firstChunkMs?: number
  }
  readonly tables: readonly TimingTable[]
  /** Deviation of a deployment's passes from the tables; default: none. */
  readonly correction?: Correction
}

/** Fitted correction of pass times: each is the table's time multiplied by `scale`, plus the other terms. */
export interface Correction {
  readonly prefill: { readonly scale: number; readonly fixedMs: number; readonly per1000TokensMs: number }
  readonly decode: {
    readonly scale: number
    readonly fixedMs: number
    /**
     * Multiplied by sequences ^ {@link sequenceExponent}: kernels that load shared data once per batch scale less than
     * linearly.
     */
    readonly perSequenceMs: number
    readonly sequenceExponent: number
    readonly per1000ContextTokensMs: number
  }
}

const rising = z
  .array(z.number().nonnegative())
  .min(2)
  .refine(values => values.every((value, index) => index === 0 || value > (values[index - 1] ?? 0)), {
    message: 'must rise from entry to entry',
  })
const times = z.array(z.number().nonnegative())

const tableSchema = z
  .strictObject({
    enable_attention_dp: z.boolean(),
    prefill: z.strictObject({ tokens: rising, ms: times }),
    decode: z.strictObject({ context_tokens: rising, kv_tokens: rising, step_ms: z.array(times) }),
  })
  .refine(table => table.prefill.ms.length === table.prefill.tokens.length, {
    message: 'prefill.ms needs one time for each of prefill.tokens',
  })
  .refine(table => table.decode.step_ms.length === table.decode.kv_tokens.length, {
    message: 'decode.step_ms needs one row for each of decode.kv_tokens',
  })
  .refine(table => table.decode.step_ms.every(row => row.length === table.decode.context_tokens.length), {
    message: 'every row of decode.step_ms needs one time for each of decode.context_tokens',
  })

const profileSchema = z.strictObject({
  name: z.string().min(1),
  dynamo: z.enum(followedVersions).default(followedVersions[0]),
  model: z.string().min(1),
  hardware: z.string().min(1),
  source: z.string().min(1),
  licence: z.string().min(1),
  parallelism: z.strictObject({
    tensor: z.int().positive(),
    expert: z.int().positive(),
    pipeline: z.int().positive(),
  }),
  kv_cache: z.strictObject({
    dtype: z.string(),
    bytes_per_token: z.number().positive(),
    block_tokens: z.int().positive(),
    free_gb_per_gpu: z.number().positive(),
  }),
  transfer: z.strictObject({ bandwidth_gb_per_s: z.number().positive(), latency_ms: z.number().nonnegative() }),
  frontend: z.strictObject({ fixed_ms: z.number().nonnegative(), per_1000_tokens_ms: z.number().nonnegative() }),
  tables: z.array(tableSchema).min(1),
})

/**
 * Parses a profile.
 * @throws FulcrumError bad-input `profile-invalid` that lists every problem by its path in the file
 */
export function parseProfile(text: string, file: string): Profile {
  const parsed = profileSchema.safeParse(parseNumberYaml(text))
  if (!parsed.success) {
    const problems = parsed.error.issues.map(issue => `${issue.path.join('.') || 'profile'}: ${issue.message}`)
    throw new FulcrumError('bad-input', 'profile-invalid', `Not a usable profile: ${problems.join('; ')}`, {
      where: file,
      remedy: 'profiles/deepseek-r1-fp4-gb200.yaml shows every field with its unit',
    })
  }
  const { kv_cache, transfer, frontend, tables, ...rest } = parsed.data
  return {
    ...rest,
    kv: {
      dtype: kv_cache.dtype,
      bytesPerToken: kv_cache.bytes_per_token,
      blockTokens: kv_cache.block_tokens,
      freeBytesPerGpu: kv_cache.free_gb_per_gpu * 1e9,
    },
    transfer: { bytesPerS: transfer.bandwidth_gb_per_s * 1e9, latencyMs: transfer.latency_ms },
    frontend: { fixedMs: frontend.fixed_ms, per1000TokensMs: frontend.per_1000_tokens_ms },
    tables: tables.map(table => ({
      enableAttentionDp: table.enable_attention_dp,
      prefill: { x: Float64Array.from(table.prefill.tokens), y: Float64Array.from(table.prefill.ms) },
      decode: {
        rows: Float64Array.from(table.decode.kv_tokens),
        columns: Float64Array.from(table.decode.context_tokens),
        z: Float64Array.from(table.decode.step_ms.flat()),
      },
    })),
  }
}

/** File of a profile: a shipped one in `profiles/`, or a user's path. */
export function profileFile(nameOrPath: string): string {
  if (isAbsolute(nameOrPath) || /[/\\]|\.ya?ml$/.test(nameOrPath)) return resolve(nameOrPath)
  return fileURLToPath(new URL(`../../profiles/${nameOrPath}.yaml`, import.meta.url))
}

/**
 * Loads a shipped profile by name or any profile by path.
 * @throws FulcrumError bad-input `profile-not-found` or `profile-invalid`
 */
export async function loadProfile(nameOrPath: string): Promise<Profile> {
  const file = profileFile(nameOrPath)
  try {
    return parseProfile(await readFile(file, 'utf8'), file)
  } catch (error) {
    if (error instanceof FulcrumError) throw error
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    throw new FulcrumError(
      'bad-input',
      missing ? 'profile-not-found' : 'profile-invalid',
      missing ? `Unknown profile '${nameOrPath}'` : `The profile '${nameOrPath}' could not be read`,
      { where: file, remedy: "give the name of a file in profiles/ without '.yaml', or a path", cause: error },
    )
  }
}

/** All shipped profiles, by name. */
export async function shippedProfiles(): Promise<readonly Profile[]> {
  const files = await readdir(new URL('../../profiles', import.meta.url))
  const names = files.filter(file => extname(file) === '.yaml').map(file => basename(file, '.yaml'))
  return await Promise.all(names.sort().map(loadProfile))
}

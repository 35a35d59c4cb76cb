import type { EngineSettings, Json, Role } from '../point/index.ts'

/** The embedded simulated engine behind real HTTP on loopback. */
export interface SimulatedConfig {
  readonly with: 'simulated'
  /** Name of a shipped profile or path of a profile file. */
  readonly profile: string
}

/** Dynamo 1.x processes on this machine. */
export interface DynamoConfig {
  readonly with: 'dynamo'
  /** Python interpreter that has `dynamo`; absolute. */
  readonly python: string
  /** Worker module: `dynamo.mocker`, `dynamo.trtllm`, `dynamo.vllm`, `dynamo.sglang`, or any other. */
  readonly backend: string
  /** Arguments of every worker, and of single roles; `--key value`, `true` gives a bare flag. */
  readonly args: { readonly [key: string]: Json }
  readonly roleArgs: { readonly [role in Role]?: { readonly [key: string]: Json } }
  readonly frontendArgs: { readonly [key: string]: Json }
  readonly env: { readonly [name: string]: string }
  /** Given services; started on free ports when absent. */
  readonly nats?: string
  readonly etcd?: string
  readonly httpPort?: number
  /** GPU indices to hand out as CUDA_VISIBLE_DEVICES; none are set when absent. */
  readonly gpus?: readonly number[]
  readonly readyTimeoutS: number
}

/** An endpoint that somebody else runs: one topology, nothing is started or stopped. */
export interface AttachConfig {
  readonly with: 'attach'
  readonly url: string
  readonly gpus: number
  readonly apiKeyEnv?: string
  readonly dialect: 'dynamo-0.3' | 'dynamo-1' | 'vllm' | 'openai'
}

/** Deployers that parse today and are refused by name at validation until they are built. */
export interface FutureConfig {
  readonly with: 'dynamo-serve' | 'kubernetes' | 'slurm'
  readonly settings: { readonly [key: string]: Json }
}

export type DeployConfig = SimulatedConfig | DynamoConfig | AttachConfig | FutureConfig

/** Engine settings by role as written in the sweep file, before axes are crossed. */
export type EngineAxes = { readonly [role in Role]?: { readonly [setting: string]: readonly Json[] } }

export type { EngineSettings }

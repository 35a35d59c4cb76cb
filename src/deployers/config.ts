import type { EngineSettings, Json, Role } from '../model/index.ts'

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
  /** Nodes that workers run on over ssh; this machine when absent. NATS, etcd and the frontend run here. */
  readonly nodes?: SshNodesConfig
  /** Address of this machine that the nodes reach: NATS and etcd listen there. Loopback when absent. */
  readonly head?: string
  /** Workers run in containers of this image. */
  readonly container?: ContainerConfig
}

/** Nodes reached over ssh with the user's own keys and configuration. */
export interface SshNodesConfig {
  readonly hosts: readonly SshNodeConfig[]
  readonly ssh: SshConfig
}

export interface SshNodeConfig {
  /** As ssh knows it. */
  readonly name: string
  /** Address that this machine and the other nodes reach it at; what ssh connects to when absent. */
  readonly address?: string
  /** GPU indices to hand out; without them the node takes one worker. */
  readonly gpus?: readonly number[]
}

export interface SshConfig {
  /** Read instead of the user's own configuration. */
  readonly configFile?: string
  /** `-o NAME=VALUE`. */
  readonly options: { readonly [name: string]: string }
}

/** How containers are run. */
export interface RuntimeConfig {
  readonly runtime: 'docker' | 'podman'
  readonly image: string
  /** More arguments of `run`, such as `-v /tmp/hf_cache:/root/.cache/huggingface`. */
  readonly args: readonly string[]
}

/** Containers with Dynamo 1.x. */
export interface ContainerConfig extends RuntimeConfig {
  /** Python interpreter in the image. */
  readonly python: string
}

/** Containers with Dynamo 0.3. */
export interface ServeContainerConfig extends RuntimeConfig {
  /** The program `dynamo` in the image. */
  readonly dynamo: string
  /** The graph's folder in the image. */
  readonly workdir: string
}

/** An allocation of Slurm, whose steps workers are. */
export interface AllocationConfig {
  /** Nodes to ask for. */
  readonly nodes: number
  /** GPUs of each node to hand out; without it a node takes one worker. */
  readonly gpusPerNode?: number
  readonly partition?: string
  readonly account?: string
  /** Time limit of the allocation, as Slurm writes it (`2:00:00`). */
  readonly time?: string
  /** How long the allocation may stay in the queue. */
  readonly queueTimeoutS: number
  readonly sallocArgs: readonly string[]
  readonly srunArgs: readonly string[]
  /** Leaves SLURM_JOBID, SLURM_JOB_ID and SLURM_NODELIST to the workers. */
  readonly keepSlurmVariables: boolean
}

/** Dynamo 1.x with its workers as steps of a Slurm allocation. */
export interface SlurmConfig extends AllocationConfig {
  readonly with: 'slurm'
  readonly dynamo: DynamoConfig
}

/** An endpoint that somebody else runs: one topology, nothing is started or stopped. */
export interface AttachConfig {
  readonly with: 'attach'
  readonly url: string
  readonly gpus: number
  readonly apiKeyEnv?: string
  readonly dialect: 'dynamo-0.3' | 'dynamo-1' | 'vllm' | 'openai'
}

/** A DynamoGraphDeployment on Kubernetes, made from or found by the user's own manifest. */
export interface KubernetesConfig {
  readonly with: 'kubernetes'
  /** Absolute path of the manifest: one or several YAML documents, exactly one DynamoGraphDeployment. */
  readonly manifest: string
  /** Component names of the parts that the manifest itself does not tell. */
  readonly services: { readonly [part in Role | 'frontend']?: string }
  readonly kubeconfig?: string
  readonly context?: string
  /** The manifest's, else the context's, when absent. */
  readonly namespace?: string
  /** Base URL of the frontend; a port-forward is opened when absent. */
  readonly url?: string
  readonly apiKeyEnv?: string
  /** `restore` gives back what was changed and deletes what was made. */
  readonly onExit: 'restore' | 'delete' | 'keep'
  readonly readyTimeoutS: number
}

/** Dynamo 0.3's own `dynamo serve`, as NVIDIA's guide deploys DeepSeek R1. */
export interface DynamoServeConfig {
  readonly with: 'dynamo-serve'
  /** The program `dynamo`; absolute. */
  readonly dynamo: string
  /** Where it runs: the folder of the graph's modules, which configurations name engine files from; absolute. */
  readonly workdir: string
  /** `module:Service` of the head, which brings a frontend and the first worker that writes tokens. */
  readonly graphs: { readonly aggregated: string; readonly disaggregated: string }
  /** The user's service configurations (`agg.yaml`, `disagg.yaml`), absolute; they are copied, never written. */
  readonly configs: { readonly aggregated: string; readonly disaggregated: string }
  /** `module:Service` of every further worker. */
  readonly workers: { readonly [role in Role]: string }
  readonly env: { readonly [name: string]: string }
  /** Given services; started on free ports when absent. */
  readonly nats?: string
  readonly etcd?: string
  readonly httpPort?: number
  /**
   * GPU indices of this machine to hand out as CUDA_VISIBLE_DEVICES. When absent they are left to `dynamo serve`; with other
   * machines to place workers on, none are placed here.
   */
  readonly gpus?: readonly number[]
  readonly readyTimeoutS: number
  /** Nodes that workers run on over ssh. NATS and etcd run here. */
  readonly nodes?: SshNodesConfig
  /** Nodes that workers run on as steps of an allocation; never together with `nodes`. */
  readonly slurm?: AllocationConfig
  /** Address of this machine that the nodes reach: NATS and etcd listen there. Loopback when absent. */
  readonly head?: string
  /** Every `dynamo serve` runs in a container of this image. */
  readonly container?: ServeContainerConfig
}

export type DeployConfig =
  | SimulatedConfig
  | DynamoConfig
  | SlurmConfig
  | AttachConfig
  | KubernetesConfig
  | DynamoServeConfig

/** Engine settings by role as written in the sweep file, before axes are crossed. */
export type EngineAxes = { readonly [role in Role]?: { readonly [setting: string]: readonly Json[] } }

export type { EngineSettings }

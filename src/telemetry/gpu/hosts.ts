import type { GpuHolder } from './place.ts'

/** A program that runs on a machine until it is stopped. */
export interface Following {
  stop(): Promise<void>
  readonly ended: Promise<unknown>
}

/** The machines of the workers, and how to run a program there. */
export interface GpuHosts {
  readonly holders: readonly GpuHolder[]
  /** Machines with workers; null for this one. */
  readonly hosts: readonly (string | null)[]
  /** Text in the environment of every process of the deployment on that machine; empty if there is none. */
  markOf(host: string | null): string
  follow(
    host: string | null,
    argv: readonly [program: string, ...args: string[]],
    onLine: (line: string) => void,
  ): Promise<Following>
}

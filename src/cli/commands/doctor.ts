import type { Command } from 'commander'
import type { Check } from '../../commands/doctor.ts'
import { defined } from '../../model/defined.ts'
import { exitCodes } from '../../model/error.ts'
import { findingLines } from '../../render/terminal/doctor.ts'

interface Options {
  json?: true
  etcd?: string
  dcgm?: string[]
}

const collect = (url: string, urls: readonly string[] = []) => [...urls, url]

/** Nodes far away and large Python packages take their time: after two seconds it is said that something goes on. */
async function whileLooking<T>(findings: Promise<T>): Promise<T> {
  const say = () => console.error('looking; what does not answer is waited for up to a minute …')
  const timer = setTimeout(say, 2_000)
  try {
    return await findings
  } finally {
    clearTimeout(timer)
  }
}

/** `fulcrum doctor [FILE]` */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .argument('[file]', 'sweep file whose needs are checked; only the machine when left out')
    .description(
      'check that this machine and the nodes have what a sweep needs, with a remedy for what is missing; starts no worker',
    )
    .option('--etcd <url>', 'look at the workers of a Dynamo that runs: its etcd, such as http://host:2379')
    .option(
      '--dcgm <url>',
      'look at GPUs through a DCGM exporter, such as http://node:9400/metrics (repeatable)',
      collect,
    )
    .option('--json', 'print the findings as JSON: name, where, ok, detail and, if something is to be done, remedy')
    .addHelpText(
      'after',
      `
Looks at GPUs, RDMA links, limits, and at what the sweep file names: programs,
models, NATS, etcd, nodes over ssh, Slurm, Kubernetes, an endpoint and its
workers, hosts of the load. A "note" is worth a look, "FAIL" breaks the sweep.

Exit codes: 0 nothing failed, 2 the sweep file is wrong, 3 something failed.

Examples:
  $ fulcrum doctor
  $ fulcrum doctor sweeps/dynamo-mocker.yaml
  $ fulcrum doctor attach.yaml --etcd http://10.0.0.1:2379
  $ fulcrum doctor --dcgm http://gb200-01:9400/metrics --json`,
    )
    .action(async (file: string | undefined, { json, etcd, dcgm }: Options) => {
      const { examine } = await import('../../commands/doctor.ts')
      const checks = await whileLooking(examine(file, defined({ etcd, dcgm })))
      console.log(json ? JSON.stringify(checks, null, 2) : checks.flatMap(findingLines).join('\n'))
      if (checks.some((check: Check) => !check.ok)) process.exitCode = exitCodes.environment
    })
}

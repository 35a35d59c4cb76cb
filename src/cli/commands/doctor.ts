import type { Command } from 'commander'
import type { Check } from '../../commands/doctor.ts'
import { defined } from '../../model/defined.ts'
import { exitCodes } from '../../model/exit-codes.ts'
import { findingLines } from '../../render/terminal/doctor.ts'
import { jsonText } from '../json-text.ts'
import { repeated } from '../options.ts'

interface Options {
  json?: true
  etcd?: string
  dcgm?: readonly string[]
  bandwidth?: true
}

/** Reports after two seconds that checks are running: distant nodes and large Python packages take a while. */
async function whileLooking<T>(findings: Promise<T>): Promise<T> {
  const say = () => console.error('Checking … Unresponsive hosts time out after one minute.')
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
    .argument('[file]', 'Sweep file to check against (default: only this machine)')
    .description(
      'Check that this machine and the nodes have what a sweep needs, with a remedy for each problem; starts no worker',
    )
    .option('--etcd <url>', 'Check the workers of a running Dynamo through its etcd, such as http://host:2379')
    .option(
      '--dcgm <url>',
      'Check GPUs through a DCGM exporter, such as http://node:9400/metrics (repeatable)',
      repeated,
    )
    .option(
      '--bandwidth',
      'Measure bandwidths on this machine with nvbandwidth and ib_write_bw, where installed and the GPUs are idle',
    )
    .option('--json', 'Print JSON: name, where, ok, detail and, for problems, remedy')
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum doctor
  $ fulcrum doctor sweeps/dynamo-mocker.yaml
  $ fulcrum doctor attach.yaml --etcd http://10.0.0.1:2379
  $ fulcrum doctor --dcgm http://gb200-01:9400/metrics --json

Checks GPUs, RDMA links and limits, and everything that the sweep file names:
programs, models, NATS, etcd, SSH nodes, Slurm, Kubernetes, an endpoint and its
workers, and the hosts of the load. A "note" is worth a look; a "FAIL" would
break the sweep. Exit codes: 0 nothing failed, 2 the sweep file is invalid,
3 a check failed.`,
    )
    .action(async (file: string | undefined, { json, etcd, dcgm, bandwidth }: Options) => {
      const { examine } = await import('../../commands/doctor.ts')
      // Without a listener, the process would end without removing its temporary files.
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => process.exit(130))
      const checks = await whileLooking(examine(file, defined({ etcd, dcgm, bandwidth })))
      console.log(json ? jsonText(checks, 2) : checks.flatMap(findingLines).join('\n'))
      if (checks.some((check: Check) => !check.ok)) process.exitCode = exitCodes.environment
    })
}

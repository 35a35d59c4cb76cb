import { readFile } from 'node:fs/promises'
import { ledgerFolder } from '../../process/ledger.ts'
import { findLeftovers } from '../leftovers.ts'
import { ephemeralRange } from '../ports.ts'
import { type Check, missed, passed } from './check.ts'

/** Files that Fulcrum and the programs of a deployment keep open, in addition to the load's connections. */
const spareFiles = 256
const oldestNode = [22, 19] as const

/** Checks the requirements of every sweep, at its highest concurrency. */
export async function checkHost(concurrency: number): Promise<readonly Check[]> {
  return [nodeVersion(), await openFiles(concurrency), await outgoingPorts(concurrency), await leftovers()]
}

function nodeVersion(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const [wantedMajor, wantedMinor] = oldestNode
  const fits = major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
  if (fits) return passed('node', `Node ${process.versions.node}`)
  const remedy = 'Use npx fulcrum or npm scripts: they run the Node that comes with the package.'
  return missed('node', `Node ${process.versions.node} is older than ${oldestNode.join('.')}`, remedy)
}

/** Number of open files that a process needs at a concurrency: one per connection, and the spare ones. */
export const filesFor = (concurrency: number): number => concurrency + spareFiles

async function openFiles(concurrency: number): Promise<Check> {
  const limits = await readFile('/proc/self/limits', 'latin1').catch(() => '')
  const [, soft, hard] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(limits) ?? []
  if (soft === undefined) return passed('open files', 'this system does not report the limit')
  const needed = filesFor(concurrency)
  if (soft === 'unlimited' || Number(soft) >= needed) return passed('open files', `${soft} allowed, ${needed} needed`)
  const above = hard !== 'unlimited' && Number(hard) < needed
  const remedy = above
    ? `Raise the hard limit, which is ${hard}: /etc/security/limits.conf (nofile), LimitNOFILE= of a service, --ulimit nofile of a container.`
    : `ulimit -n ${needed * 2}`
  return missed('open files', `${soft} allowed, concurrency ${concurrency} needs ${needed}`, remedy)
}

/** Each connection to an endpoint uses a port. A closed connection occupies its port for another minute. */
async function outgoingPorts(concurrency: number): Promise<Check> {
  const { first, last } = await ephemeralRange()
  const count = last - first + 1
  if (count >= concurrency * 2)
    return passed('outgoing ports', `${count} (${first}–${last}) for concurrency ${concurrency}`)
  const remedy = 'sysctl -w net.ipv4.ip_local_port_range="15000 65000"'
  return missed('outgoing ports', `${count} (${first}–${last}) are too few for concurrency ${concurrency}`, remedy)
}

async function leftovers(): Promise<Check> {
  const left = await findLeftovers()
  if (left.length === 0) return passed('leftovers', `none recorded in ${ledgerFolder()}`)
  const names = left.map(({ name, pid, slurmJob }) => `${name} (${pid ?? `Slurm job ${slurmJob}`})`).join(', ')
  return missed('leftovers', `a killed Fulcrum left ${names} running`, 'fulcrum leftovers --end')
}

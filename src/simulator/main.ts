/**
 * The simulated engine as a separate process, so that a load generator never shares its event loop. Its only argument
 * is {@link EngineStart} as JSON. Reads commands from standard input and writes reports to standard output. Ends when
 * standard input closes, because its parent is then gone.
 */
import { flushCompileCache } from 'node:module'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Role } from '../model/index.ts'
import type { Command, Report } from './control.ts'
import { parseCommand, parseStart } from './control.ts'
import { createEngine } from './engine.ts'
import { loadProfile } from './profile.ts'
import { createEngineServer } from './server/server.ts'
import { createTokenCounter } from './server/token-counter.ts'
import { driveByWallClock } from './wall-clock.ts'

const start = parseStart(process.argv[2] ?? '{}')
const say = (report: Report) => process.stdout.write(`${JSON.stringify(report)}\n`)

const [profile, tokens] = await Promise.all([
  loadProfile(start.profile),
  createTokenCounter(start.tokenizer, start.wordFolder ?? null),
])
const { acceptance } = start
const isAcceptanceByPrompt = acceptance === 'by-prompt'
const engine = createEngine({
  profile,
  routing: start.routing,
  streamTokens: true,
  ...(acceptance === undefined ? {} : { acceptance: isAcceptanceByPrompt ? 'by-request' : acceptance }),
})
const drive = driveByWallClock(engine)
const names = new Map<number, string>()
const { model, adapters = [], errorRate = 0, reasoningShare = 0 } = start
const says = { model, adapters, errorRate, reasoningShare, isAcceptanceByPrompt }
const { dynamo } = profile
const server = createEngineServer({ engine, drive, tokens, dynamo, ...says, workerNames: () => names })

/** The lowest free name for the role: `prefill-0`, `prefill-1`, … */
function freeName(role: Role): string {
  const taken = new Set(names.values())
  let index = 0
  while (taken.has(`${role}-${index}`)) index++
  return `${role}-${index}`
}

async function add(command: Command & { do: 'add' }): Promise<string> {
  const name = freeName(command.role)
  // Reserves the name, so that two workers loading at the same time get different ones.
  const held = -1 - command.id
  names.set(held, name)
  try {
    if (command.loadMs > 0) await sleep(command.loadMs)
    names.set(engine.addWorker(command.role, command.settings, drive.nowMs()), name)
    drive.wake()
    return name
  } finally {
    names.delete(held)
  }
}

async function remove(command: Command & { do: 'remove' }): Promise<string> {
  const [id] = [...names].find(([, name]) => name === command.worker) ?? []
  if (id === undefined) throw new Error(`there is no worker ${command.worker}`)
  await new Promise<void>(resolve => engine.drainWorker(id, resolve))
  names.delete(id)
  return command.worker
}

function carryOut(command: Command): Promise<string> {
  if (command.do === 'add') return add(command)
  if (command.do === 'remove') return remove(command)
  engine.route(command.routing)
  return Promise.resolve('')
}

async function obey(line: string): Promise<void> {
  const command = parseCommand(line)
  try {
    say({ event: 'done', id: command.id, worker: await carryOut(command) })
  } catch (error) {
    say({ event: 'refused', id: command.id, message: error instanceof Error ? error.message : String(error) })
  }
}

server.listen(start.port, '127.0.0.1', () => {
  say({ event: 'listening', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  // Node keeps compiled code when a process exits by itself, but this one is ended by a signal.
  flushCompileCache()
})
for await (const line of createInterface({ input: process.stdin })) void obey(line)
process.exit(0)

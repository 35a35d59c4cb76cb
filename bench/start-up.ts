/**
 * CPU time of whole commands, child processes and threads included: what a command costs beyond the load that it
 * sends. Measures the package of a checkout (`npm pack`). With a second checkout the two take turns (A B B A A B …), and
 * each pair gives a ratio.
 *
 *   node bench/start-up.ts [CHECKOUT [PAIRS [COMMAND]]]
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { onePoint } from './one-point.ts'
import { packedFulcrum } from './packed.ts'
import { conditions, ratios, spread, takeTurns } from './turns.ts'

const here = join(import.meta.dirname, '..')
const [other, pairsText = '7', only] = process.argv.slice(2)
const pairs = Number(pairsText)

const folder = await mkdtemp(join(tmpdir(), 'fulcrum-start-up-'))
const sweep = join(folder, 'one-point.yaml')
await writeFile(sweep, onePoint)

const commands: readonly (readonly string[])[] = [
  ['--version'],
  ['run', '--help'],
  ['validate', join(here, 'sweeps/quick.yaml')],
  ['plan', join(here, 'sweeps/quick.yaml'), '--out', folder],
  ['run', sweep, '--new', '--out', join(folder, 'results')],
]

/** User and system seconds of a command and of all that it waited for, as the shell's `times` tells them. */
async function cpuSeconds(fulcrum: string, args: readonly string[]): Promise<number> {
  // Exit code 1 is a point that a busy machine made invalid: its cost counts all the same.
  const script = '"$@" >/dev/null 2>&1; [ $? -le 1 ] && times'
  const program = [process.execPath, fulcrum, ...args]
  const { stdout } = await promisify(execFile)('bash', ['-c', script, 'bash', ...program], {
    env: { ...process.env, XDG_CACHE_HOME: join(folder, 'cache'), XDG_STATE_HOME: join(folder, 'state') },
  })
  const times = [...(stdout.trim().split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)]
  return times.reduce((sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds), 0)
}

const packed = await Array.fromAsync(other === undefined ? [here] : [here, resolve(other)], packedFulcrum)
const columns = ['command', 'CPU s: median (range)', ...(other === undefined ? [] : ['CPU s of the other', 'ratio'])]
console.log(`| ${columns.join(' | ')} |\n|${columns.map(() => '---|').join('')}`)
for (const args of commands.filter(([name]) => only === undefined || name === only)) {
  // The first round fills the compile cache and is not counted.
  const taken = await takeTurns(packed, pairs + 1, program => cpuSeconds(program, args))
  const [own = [], others = []] = [...taken.values()].map(seconds => seconds.slice(1))
  const named = args.map(word => word.replace(`${folder}/`, '').replace(`${here}/`, '')).join(' ')
  const cells = [
    `fulcrum ${named}`,
    spread(own),
    ...(other === undefined ? [] : [spread(others), spread(ratios(own, others))]),
  ]
  console.log(`| ${cells.join(' | ')} |`)
}
console.log(`\n${conditions()}`)
await rm(folder, { recursive: true })

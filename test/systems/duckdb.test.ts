import assert from 'node:assert/strict'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { execa } from 'execa'
import { exportAll } from '../../src/commands/export-all.ts'
import { listRuns } from '../../src/journal/index.ts'
import { codeBlocks } from '../docs/markdown.ts'
import { scratch } from '../journal/journal-on-disk.ts'

const repository = join(import.meta.dirname, '../..')
const python = join(repository, '.systems/duckdb/bin/python')
const baselines = join(repository, 'results/baseline')

/** The runs that are checked in, without what was measured in this checkout. */
async function resultsIn(folder: string): Promise<string> {
  await cp(baselines, join(folder, 'results/baseline'), { recursive: true })
  return join(folder, 'results')
}

/** Runs statements in one connection, and prints the rows of each as JSON. */
const query = `
import duckdb, json, sys
connection, rows = duckdb.connect(), []
for statement in json.load(sys.stdin):
    cursor = connection.execute(statement)
    names = [column[0] for column in cursor.description]
    rows.append([dict(zip(names, row)) for row in cursor.fetchall()])
print(json.dumps(rows, default=str))
`

type Row = { readonly [column: string]: unknown }

async function queried(cwd: string, statements: readonly string[]): Promise<readonly (readonly Row[])[]> {
  const { stdout } = await execa(python, ['-c', query], { cwd, input: JSON.stringify(statements), timeout: 60_000 })
  return JSON.parse(stdout)
}

const page = await readFile(join(repository, 'docs/how-to/query-with-sql.md'), 'utf8')
const examples = codeBlocks(page).filter(({ language }) => language === 'sql')
const statements = examples.flatMap(({ lines }) =>
  lines
    .join('\n')
    .split(';')
    .map(text => text.trim())
    .filter(text => text !== ''),
)
const views = statements.filter(text => text.startsWith('CREATE'))

describe('all runs as Parquet, in DuckDB', () => {
  test('answer each query of the guide with rows', async () => {
    await using folder = await scratch()
    await exportAll({
      resultsRoot: await resultsIn(folder.path),
      format: 'parquet',
      to: join(folder.path, 'warehouse'),
    })
    assert.ok(statements.length > views.length + 3, 'the guide has queries')
    const found = await queried(folder.path, statements)
    const empty = statements.filter(
      (text, at) => found[at]?.length === 0 && !views.includes(text) && !/status <> 'ok'/.test(text),
    )
    assert.deepEqual(empty, [])
  })

  test('have the rows of every points.csv, and the sweep and the run of each', async () => {
    await using folder = await scratch()
    await exportAll({
      resultsRoot: await resultsIn(folder.path),
      format: 'parquet',
      to: join(folder.path, 'warehouse'),
    })
    const [, , counted] = await queried(folder.path, [
      ...views,
      'SELECT sweep, run, count(*) AS rows, any_value(deployer) AS deployer FROM points JOIN runs USING (sweep, run) GROUP BY ALL',
    ])
    const quick = counted?.find(row => row.sweep === 'quick')
    assert.deepEqual({ rows: quick?.rows, deployer: quick?.deployer }, { rows: 24, deployer: 'simulated' })
    assert.equal(counted?.length, (await listRuns(join(folder.path, 'results'))).length)
  })

  test('keep a sweep name apart that a folder name cannot hold as it is', async () => {
    await using folder = await scratch()
    const results = join(folder.path, 'results')
    await mkdir(join(results, 'odd'), { recursive: true })
    await cp(join(baselines, 'quick'), join(results, 'odd/one'), { recursive: true })
    const file = join(results, 'odd/one/manifest.json')
    const manifest = JSON.parse(await readFile(file, 'utf8'))
    await writeFile(file, JSON.stringify({ ...manifest, sweep: 'a=b/c d' }))
    await exportAll({ resultsRoot: results, format: 'parquet', to: join(folder.path, 'warehouse') })
    const [, , rows] = await queried(folder.path, [...views, 'SELECT DISTINCT sweep FROM points'])
    assert.deepEqual(rows, [{ sweep: 'a=b/c d' }])
  })
})

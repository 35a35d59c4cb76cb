import { extname } from 'node:path'
import { Tinypool } from 'tinypool'
import { FulcrumError } from '../../model/index.ts'
import type { Pages } from '../../site/made-pages.ts'
import type { PageRequest, PageResult } from './page-request.ts'

/** Makes a site's pages in two threads, so that a small page does not wait for a large one. */
export function createPages(resultsRoot: string, commits: string | null): Pages & AsyncDisposable {
  const file = new URL(`./worker${extname(import.meta.url)}`, import.meta.url)
  const pool = new Tinypool({ filename: file.href, minThreads: 0, maxThreads: 2, idleTimeout: 60_000 })
  const made = async (request: PageRequest): Promise<string> => {
    const result: PageResult = await pool.run(request)
    if ('html' in result) return result.html
    const { kind, code, message, where, remedy } = result.problem
    throw new FulcrumError(kind, code, message, { where, remedy })
  }
  return {
    report: (folder, trail) => made({ page: 'report', folder, trail }),
    comparison: (base, head, trail) => made({ page: 'comparison', base, head, trail }),
    overlay: (runs, trail) => made({ page: 'overlay', runs, trail }),
    history: (sweep, trail) => made({ page: 'history', resultsRoot, sweep, commits, trail }),
    points: folder => made({ page: 'points', folder }),
    comparisonJson: (base, head) => made({ page: 'comparison-json', base, head }),
    [Symbol.asyncDispose]: () => pool.destroy(),
  }
}

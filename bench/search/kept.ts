import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PointResult } from '../../src/journal/index.ts'
import type { SearchCase } from './cases.ts'
import type { Measurer } from './measure.ts'

interface Kept {
  readonly [pointId: string]: { readonly result: Omit<PointResult, 'point'>; readonly seconds: number }
}

/**
 * Measures each point of a case once and keeps it in a folder, so that another search is judged in seconds. A changed
 * simulator needs another folder.
 *
 * @param what names the file beside those of other measurers
 */
export function keptMeasurer({ name, plan }: SearchCase, what: string, measurer: Measurer, folder: string): Measurer {
  const file = join(folder, `${name}.${what}.json`)
  if (!existsSync(file)) {
    const measured = plan.deployments
      .flatMap(({ points }) => points)
      .map(point => {
        const { result, seconds } = measurer(point)
        const { point: _, ...rest } = result
        return [point.id, { result: rest, seconds }]
      })
    mkdirSync(folder, { recursive: true })
    writeFileSync(file, JSON.stringify(Object.fromEntries(measured)))
  }
  const kept: Kept = JSON.parse(readFileSync(file, 'utf8'))
  return point => {
    const found = kept[point.id]
    if (found === undefined) throw new Error(`${file} has no point ${point.id}: it was kept from another plan`)
    return { result: { point, ...found.result }, seconds: found.seconds }
  }
}

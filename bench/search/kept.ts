import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PointResult } from '../../src/journal/index.ts'
import type { Point } from '../../src/model/index.ts'
import type { SearchCase } from './cases.ts'
import { type Measurer, virtualMeasurer, virtualTruth } from './measure.ts'

/** What a system does, and what a point shows of it. */
export interface Measurers {
  readonly truth: Measurer
  readonly quiet: Measurer
}

interface Kept {
  readonly [pointId: string]: { readonly result: Omit<PointResult, 'point'>; readonly seconds: number }
}

/**
 * Measures each point of a case once and keeps it on disk, so that another search is judged in seconds. A changed
 * simulator needs another folder.
 */
export function keptMeasurers({ name, plan, profile }: SearchCase, folder: string): Measurers {
  mkdirSync(folder, { recursive: true })
  const points = plan.deployments.flatMap(planned => planned.points)
  const kept = (what: string, measurer: Measurer) => keptIn(join(folder, `${name}.${what}.json`), points, measurer)
  return { truth: kept('truth', virtualTruth(profile)), quiet: kept('quiet', virtualMeasurer(profile)) }
}

function keptIn(file: string, points: readonly Point[], measurer: Measurer): Measurer {
  if (!existsSync(file)) {
    const measured = points.map(point => {
      const { result, seconds } = measurer(point)
      const { point: _, ...rest } = result
      return [point.id, { result: rest, seconds }]
    })
    writeFileSync(file, JSON.stringify(Object.fromEntries(measured)))
  }
  const kept: Kept = JSON.parse(readFileSync(file, 'utf8'))
  return point => {
    const found = kept[point.id]
    if (found === undefined) throw new Error(`${file} has no point ${point.id}: it was kept from another plan`)
    return { result: { point, ...found.result }, seconds: found.seconds }
  }
}

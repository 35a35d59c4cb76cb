import { parse } from 'yaml'
import type { Manifest } from '../../journal/manifest.ts'

type Section = { readonly [key: string]: unknown }

/**
 * Sections that every sweep file has: a text without any of them is not one, and says nothing by what it leaves out.
 */
const required = ['model', 'workloads', 'load']

/**
 * A section of the sweep file as a run's manifest keeps it: what a point's journal line doesn't say. Empty where a
 * sweep file leaves it out; null where the text is no sweep file.
 */
export function sectionOf({ sweepText }: Manifest, name: string): Section | null {
  try {
    const sweep: unknown = parse(sweepText)
    if (!isRecord(sweep)) return null
    const section = sweep[name]
    if (isRecord(section)) return section
    if (typeof section === 'string') return { name: section }
    return required.some(key => key in sweep) ? {} : null
  } catch {
    return null
  }
}

const isRecord = (value: unknown): value is Section =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

import { parse } from 'yaml'
import type { Manifest } from '../../journal/manifest.ts'
import { isRecord } from '../../model/index.ts'

type Section = { readonly [key: string]: unknown }

/**
 * Sections that every sweep file has. A text without any of them is not a sweep file, so missing sections mean nothing.
 */
const required = ['model', 'workloads', 'load']

/**
 * A section of the sweep file in a run's manifest, for facts that journal lines of points lack. Empty if the sweep file
 * has no such section; null if the text is not a sweep file.
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

import { glob } from 'node:fs/promises'
import { join } from 'node:path'

/** Files of a genai-perf run; null for those that it did not write. */
export interface Artifacts {
  /** perf_analyzer's record of requests. */
  readonly raw: string | null
  /** genai-perf's summary. */
  readonly json: string | null
  readonly csv: string | null
}

/** Finds them below the artifact folder, in a subfolder that genai-perf names after model, endpoint and load. */
export async function findArtifacts(folder: string): Promise<Artifacts> {
  return {
    raw: await firstOf(join(folder, '*/profile_export.json')),
    json: await firstOf(join(folder, '*/profile_export_genai_perf.json')),
    csv: await firstOf(join(folder, '*/profile_export_genai_perf.csv')),
  }
}

async function firstOf(pattern: string): Promise<string | null> {
  for await (const file of glob(pattern)) return file
  return null
}

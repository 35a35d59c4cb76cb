import type { Profile } from '../../simulator/profile.ts'
import type { Twin } from './twin.ts'

/** Converts a twin to plain JSON data with full precision: tables become plain lists. */
export function plainTwin(twin: Twin): object {
  return JSON.parse(
    JSON.stringify(twin, (_, value: unknown) => (value instanceof Float64Array ? Array.from(value) : value)),
  )
}

/** Restores a twin from plain data, with tables as typed arrays. */
export function twinOfPlain(plain: object): Twin {
  const twin = plain as Twin
  return { ...twin, profile: typed(twin.profile) }
}

function typed(profile: Profile): Profile {
  return {
    // Twins that name none were fitted when the engine followed 1.4.2.
    ...{ ...profile, dynamo: profile.dynamo ?? '1.4.2' },
    tables: profile.tables.map(({ enableAttentionDp, prefill, decode }) => ({
      enableAttentionDp,
      prefill: { x: Float64Array.from(prefill.x), y: Float64Array.from(prefill.y) },
      decode: {
        rows: Float64Array.from(decode.rows),
        columns: Float64Array.from(decode.columns),
        z: Float64Array.from(decode.z),
      },
    })),
  }
}

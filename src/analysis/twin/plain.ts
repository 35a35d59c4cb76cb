import type { Profile } from '../../simulator/profile.ts'
import type { Twin } from './twin.ts'

/** A twin as JSON can have it, every digit kept: its tables are plain lists. */
export function plainTwin(twin: Twin): object {
  return JSON.parse(
    JSON.stringify(twin, (_, value: unknown) => (value instanceof Float64Array ? Array.from(value) : value)),
  )
}

/** A twin from plain data: tables back in typed arrays. */
export function twinOfPlain(plain: object): Twin {
  const twin = plain as Twin
  return { ...twin, profile: typed(twin.profile) }
}

function typed(profile: Profile): Profile {
  return {
    ...profile,
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

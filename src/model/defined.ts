/** The given values without the keys that are `undefined`; keys that may be `undefined` become optional. */
export type Defined<T extends object> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K]
} & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/**
 * Removes keys whose value is `undefined`, so that optional values can be passed on under `exactOptionalPropertyTypes`.
 * Keeps `null`, `false`, `0` and `''`.
 * @example const budget: { hours?: number; points?: number } = defined({ hours: raw.hours, points: raw.points })
 */
export function defined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>
}

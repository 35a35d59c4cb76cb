/** Caches a function's result for each object. */
export function rememberedOf<Of extends object, Value>(work: (of: Of) => Value): (of: Of) => Value {
  const known = new WeakMap<Of, { readonly value: Value }>()
  return of => {
    const before = known.get(of)
    if (before !== undefined) return before.value
    const value = work(of)
    known.set(of, { value })
    return value
  }
}

/** Works something out once for each object; for what is asked of the same objects again and again. */
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

/** Versions of SGLang that Fulcrum was tested with. */
export const testedSglang = { package: 'sglang', settings: { from: '0.5.16', to: '0.5.23' }, ran: [] }

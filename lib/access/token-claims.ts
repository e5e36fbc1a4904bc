/** The audience and type of our own access tokens (RFC 9068). */
export const tokenAudience = 'quarterdeck-api'
export const tokenType = 'at+jwt'
/** Clock tolerance when times in tokens are checked. */
export const tokenToleranceSeconds = 30
/** No person's token is older than this, whatever it says. */
export const tokenAgeSecondsMax = 86_400
/** No token of ours at all, also of a service account, is older than this: thirty days. */
export const tokenLifetimeSecondsMax = 2_592_000

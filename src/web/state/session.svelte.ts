const key = 'llama.read-token'

/** The read token that requests carry. It stays in this tab, unless it is to be remembered on this device. */
class Session {
  token = $state(sessionStorage.getItem(key) ?? localStorage.getItem(key) ?? '')

  /** True when the server wants a token, and not the one there is. */
  isRefused = $state(false)

  /** Goes by another counter after each change, for whatever has to ask again. */
  turn = $state(0)

  signIn(token: string, remember: boolean): void {
    this.signOut()
    this.token = token
    ;(remember ? localStorage : sessionStorage).setItem(key, token)
  }

  signOut(): void {
    sessionStorage.removeItem(key)
    localStorage.removeItem(key)
    this.token = ''
    this.isRefused = false
    this.turn++
  }

  refuse(): void {
    this.isRefused = true
  }
}

export const session = new Session()

// What a reader chose on this device: kept by the browser, and forgotten without harm where it keeps nothing (a frame of another
// site, a private window).

type Name = 'language' | 'units';

/** The choice, or null when none was made. */
export function preferred(name: Name): string | null {
  try {
    return localStorage.getItem(`cairn.${name}`);
  } catch {
    return null;
  }
}

export function prefer(name: Name, value: string): void {
  try {
    localStorage.setItem(`cairn.${name}`, value);
  } catch {
    // The choice holds until the page is left.
  }
}

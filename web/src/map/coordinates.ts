// A coordinate as people write it, read while it is typed. The server reads the commonest of these in its search too, but an
// answer that needs no server comes at once.

export interface Coordinate {
  latitude: number;
  longitude: number;
}

interface Angle {
  degrees: number;
  /** N, S, E or W, when it stands with the number. */
  letter: string | null;
}

/** The parts of a coordinate: a letter, a separator, or a number with the sign of its unit. */
const TOKEN = /([NSEWO])|([,;/])|([+\-−]?\d+(?:\.\d+)?)\s*([°º'′’"″”]|deg\b)?/giy;

/** Minutes and seconds are less than this. */
const SIXTY = 60;

/**
 * Latitude and longitude in decimal degrees or in degrees, minutes and seconds, with signs or letters (before or after,
 * `O` is west as in French and Spanish), separated by comma, semicolon, slash or space; `geo:` addresses too. Latitude
 * comes first unless the letters say otherwise. Null for anything else.
 */
export function parseCoordinate(text: string): Coordinate | null {
  const plain = withDecimalPoints(text.trim().replace(/^geo:/i, '').replace(/[?;](?:z|crs|u)=.*$/i, '')).replaceAll(':', ' ');
  const tokens = tokensOf(plain);
  const angles = tokens === null ? null : anglesOf(tokens);
  if (angles === null || angles.length !== 2) return null;
  const [first, second] = angles as [Angle, Angle];
  const swapped = isLongitude(first) && !isLongitude(second);
  const [north, east] = swapped ? [second, first] : [first, second];
  if ((north.letter === null) !== (east.letter === null)) return null;
  if (north.letter !== null && (isLongitude(north) || !isLongitude(east))) return null;
  const [latitude, longitude] = [signed(north), signed(east)];
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : null;
}

/** `48,85 2,29` and `48,85; 2,29`: with two commas inside of numbers they are decimal commas. */
function withDecimalPoints(text: string): string {
  const commas = text.match(/,/g)?.length ?? 0;
  const inside = text.match(/\d,\d/g)?.length ?? 0;
  const separated = /\d\D*[\s;/]/.test(text);
  return commas === 2 && inside === 2 && separated && !text.includes('.') ? text.replaceAll(',', '.') : text;
}

type Token = { letter: string } | { separator: true } | { number: number; sign: boolean };

function tokensOf(text: string): Token[] | null {
  const tokens: Token[] = [];
  const pattern = new RegExp(TOKEN);
  for (let at = 0; at < text.length; at = pattern.lastIndex) {
    pattern.lastIndex = at;
    const space = /\s+/y;
    space.lastIndex = at;
    if (space.test(text)) {
      pattern.lastIndex = space.lastIndex;
      continue;
    }
    const match = pattern.exec(text);
    if (match === null) return null;
    const [, letter, separator, number] = match;
    if (letter !== undefined) tokens.push({ letter: letter.toUpperCase() });
    else if (separator !== undefined) tokens.push({ separator: true });
    else if (number !== undefined) tokens.push({ number: Number(number.replace('−', '-')), sign: /^[+\-−]/.test(number) });
  }
  return tokens;
}

/** A letter, a separator or a sign ends an angle; without any of them the numbers are shared evenly. */
function anglesOf(tokens: Token[]): Angle[] | null {
  const leads = tokens[0] !== undefined && 'letter' in tokens[0];
  const groups: { numbers: number[]; letter: string | null }[] = [];
  let open: { numbers: number[]; letter: string | null } | null = null;
  for (const token of tokens) {
    if ('separator' in token) {
      if (open !== null && open.numbers.length === 0) return null;
      open = null;
    } else if ('letter' in token) {
      if (leads) groups.push((open = { numbers: [], letter: token.letter }));
      else {
        const last = groups.at(-1);
        if (last === undefined || last.letter !== null) return null;
        last.letter = token.letter;
        open = null;
      }
    } else {
      if (open === null || (token.sign && open.numbers.length > 0)) groups.push((open = { numbers: [], letter: null }));
      open.numbers.push(token.number);
    }
  }
  const [only] = groups;
  const shared = groups.length === 1 && only !== undefined && only.letter === null ? halved(only.numbers) : groups;
  const angles = shared.map(({ numbers, letter }) => angleOf(numbers, letter));
  return angles.includes(null) ? null : (angles as Angle[]);
}

function halved(numbers: number[]): { numbers: number[]; letter: null }[] {
  const half = numbers.length / 2;
  return Number.isInteger(half) ? [numbers.slice(0, half), numbers.slice(half)].map((part) => ({ numbers: part, letter: null })) : [];
}

function angleOf(numbers: number[], letter: string | null): Angle | null {
  const [degrees, minutes = 0, seconds = 0] = numbers;
  if (degrees === undefined || numbers.length > 3) return null;
  if (minutes < 0 || seconds < 0 || minutes >= SIXTY || seconds >= SIXTY) return null;
  if (letter !== null && degrees < 0) return null;
  const fraction = minutes / SIXTY + seconds / SIXTY ** 2;
  return { degrees: degrees < 0 || Object.is(degrees, -0) ? degrees - fraction : degrees + fraction, letter };
}

function isLongitude({ letter }: Angle): boolean {
  return letter !== null && 'EWO'.includes(letter);
}

function signed({ degrees, letter }: Angle): number {
  return letter !== null && 'SWO'.includes(letter) ? -degrees : degrees;
}

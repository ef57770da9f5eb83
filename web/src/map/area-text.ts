// An area in words.
import { t } from '../shared/i18n';
import type { Area } from './area';
import { formatDistance } from './units';

const KINDS: Record<Area['kind'], () => string> = {
  box: () => t('area.box'),
  circle: () => t('area.circle'),
  polygon: () => t('area.polygon'),
};

export function nameOfKind(kind: Area['kind']): string {
  return KINDS[kind]();
}

export function textOfArea(area: Area): string {
  switch (area.kind) {
    case 'box':
      return t('area.boxText', { sides: [area.west, area.south, area.east, area.north].map((side) => side.toFixed(2)).join(', ') });
    case 'circle':
      return t('area.circleText', { radius: formatDistance(area.meters), center: `${area.latitude.toFixed(4)}, ${area.longitude.toFixed(4)}` });
    case 'polygon':
      return t('area.polygonText', { count: area.corners.length });
  }
}

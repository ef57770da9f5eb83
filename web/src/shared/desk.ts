// The texts that only the pages behind a sign-in show. They are no part of what the map loads.
import english from '../locales/en.json?desk';
import type { MoreTexts } from './i18n';

export const DESK: MoreTexts = {
  english,
  loaders: {
    de: () => import('../locales/de.json?desk'),
    es: () => import('../locales/es.json?desk'),
    fr: () => import('../locales/fr.json?desk'),
  },
};

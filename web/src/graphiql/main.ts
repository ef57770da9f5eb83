// GraphiQL on our own origin: its workers, its styles and its questions all come from and go to this server.
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './graphiql.css';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { DESK } from '../shared/desk';
import { loadLanguage } from '../shared/i18n';
import { TABS } from './examples';
import { createIdentity } from './identity';

const container = document.getElementById('graphiql');
if (container === null) throw new Error('the page has no element #graphiql');

/** The map leads here with its question behind the `#`, which no server sees. */
const asked = new URLSearchParams(location.hash.slice(1)).get('query');
if (asked !== null) history.replaceState(null, '', location.pathname);

const url = new URL('../graphql', document.baseURI).href;
void loadLanguage(DESK).then(() => {
  const identity = createIdentity();
  container.before(identity.element);
  createRoot(container).render(
    createElement(GraphiQL, {
      fetcher: createGraphiQLFetcher({ url, fetch: identity.fetch }),
      defaultTabs: TABS,
      ...(asked === null ? {} : { initialQuery: asked }),
    }),
  );
});

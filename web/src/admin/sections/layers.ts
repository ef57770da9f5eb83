// The layers, for administrators: made, described, shown to everybody or not, styled, deleted.
import type { ResultOf } from 'gql.tada';
import { h } from '../../shared/dom';
import { openDialog } from '../../shared/dialog';
import { ApiError } from '../../shared/api';
import { choice, field, form, textOf } from '../../shared/forms';
import { graphql } from '../../shared/graphql';
import { formatCount, t } from '../../shared/i18n';
import type { Session } from '../../shared/session';
import { table } from '../table';

const LAYERS = graphql(`
  query AdminLayers {
    layers { key title description attribution visibility style position propertySchema locationCount }
  }
`);

const CREATE = graphql(`
  mutation CreateLayer($input: CreateLayerInput!) {
    createLayer(input: $input) { layer { key } }
  }
`);

const UPDATE = graphql(`
  mutation UpdateLayer($key: String!, $input: UpdateLayerInput!) {
    updateLayer(key: $key, input: $input) { layer { key } }
  }
`);

const DELETE = graphql(`
  mutation DeleteLayer($key: String!, $withLocations: Boolean!) {
    deleteLayer(key: $key, withLocations: $withLocations) { locations }
  }
`);

type Layer = ResultOf<typeof LAYERS>['layers'][number];

export function layersSection(session: Session): HTMLElement {
  const list = table<Layer>({
    caption: t('layer.all'),
    columns: [t('layer.title'), t('layer.key'), t('layer.visibility'), t('layer.count'), t('table.actions')],
    empty: t('layer.none'),
    load: async () => (await session.ask(LAYERS, {})).layers,
    cells: (layer) => [
      layer.title,
      layer.key,
      layer.visibility === 'PUBLIC' ? t('layer.public') : t('layer.private'),
      formatCount(layer.locationCount),
      h(
        'div',
        { class: 'buttons' },
        h('button', { type: 'button', 'aria-label': t('layer.changeNamed', { layer: layer.title }), onclick: () => openChange(layer) }, t('layer.change')),
        h('button', { type: 'button', class: 'danger', 'aria-label': t('layer.deleteNamed', { layer: layer.title }), onclick: () => openDelete(layer) }, t('edit.delete')),
      ),
    ],
  });

  function openChange(layer: Layer): void {
    const dialog = openDialog(
      t('layer.changeNamed', { layer: layer.title }),
      form(
        {
          submit: t('edit.save'),
          label: t('layer.change'),
          async onSubmit(values) {
            await session.ask(UPDATE, { key: layer.key, input: { key: textOf(values, 'key'), ...inputOf(values) } });
            dialog.close();
            await list.change(t('layer.changed', { layer: layer.title }), async () => undefined);
          },
        },
        field({ name: 'key', label: t('layer.key'), hint: t('layer.keyHint'), value: layer.key }),
        ...fieldsOf(layer),
      ),
    );
  }

  function openDelete(layer: Layer): void {
    const { key, title, locationCount } = layer;
    const withThem = h('label', { class: 'check' }, h('input', { type: 'checkbox', name: 'withLocations', required: true }), t('layer.withLocations', { count: locationCount }));
    const dialog = openDialog(
      t('layer.deleteNamed', { layer: title }),
      form(
        {
          submit: t('edit.delete'),
          label: t('layer.deleteNamed', { layer: title }),
          async onSubmit(values) {
            await session.ask(DELETE, { key, withLocations: values.has('withLocations') });
            dialog.close();
            await list.change(t('layer.deleted', { layer: title }), async () => undefined);
          },
        },
        h('p', {}, t('layer.deleteHint')),
        locationCount === 0 ? null : withThem,
      ),
    );
  }

  const create = form(
    {
      submit: t('layer.create'),
      label: t('layer.new'),
      async onSubmit(values) {
        const key = textOf(values, 'key').trim();
        await session.ask(CREATE, { input: { key, ...inputOf(values) } });
        await list.reload();
        return t('layer.made', { layer: key });
      },
    },
    field({ name: 'key', label: t('layer.key'), hint: t('layer.keyHint') }),
    ...fieldsOf(null),
  );
  return h(
    'div',
    {},
    h('section', { class: 'card' }, h('h3', {}, t('layer.all')), list.element),
    h('section', { class: 'card' }, h('h3', {}, t('layer.new')), create),
  );
}

/** What a layer has beside its key. */
function fieldsOf(layer: Layer | null): HTMLElement[] {
  const visibilities = [{ value: 'PUBLIC', text: t('layer.public') }, { value: 'PRIVATE', text: t('layer.private') }];
  const free = [
    field({ name: 'description', label: t('layer.description'), value: layer?.description ?? '' }),
    field({ name: 'attribution', label: t('layer.attribution'), hint: t('layer.attributionHint'), value: layer?.attribution ?? '' }),
    field({ name: 'position', label: t('layer.position'), hint: t('layer.positionHint'), value: String(layer?.position ?? 0) }),
  ];
  free.forEach((element) => element.querySelector('input')?.removeAttribute('required'));
  const style = layer === null || layer.style === null ? '' : JSON.stringify(layer.style, null, 2);
  const schema = layer === null || layer.propertySchema === null ? '' : JSON.stringify(layer.propertySchema, null, 2);
  return [
    field({ name: 'title', label: t('layer.title'), value: layer?.title ?? '' }),
    choice('visibility', t('layer.visibility'), visibilities, layer?.visibility ?? 'PRIVATE'),
    ...free,
    jsonField('style', t('layer.style'), t('layer.styleHint'), style),
    jsonField('propertySchema', t('layer.schema'), t('layer.schemaHint'), schema),
  ];
}

let fields = 0;

function jsonField(name: string, label: string, hint: string, value: string): HTMLElement {
  const id = `json-${(fields += 1)}`;
  const text = h('textarea', { id, name, rows: 5, spellcheck: 'false', 'aria-describedby': `${id}-hint` }, value);
  return h('div', { class: 'field' }, h('label', { for: id }, label), text, h('p', { class: 'hint', id: `${id}-hint` }, hint));
}

function inputOf(values: FormData) {
  const visibility = textOf(values, 'visibility') === 'PUBLIC' ? ('PUBLIC' as const) : ('PRIVATE' as const);
  return {
    title: textOf(values, 'title'),
    description: textOf(values, 'description'),
    attribution: textOf(values, 'attribution'),
    visibility,
    style: jsonOf(values, 'style') ?? {},
    propertySchema: jsonOf(values, 'propertySchema'),
    ...positionOf(values),
  };
}

/** Empty is null. Throws a sentence for what is no JSON. */
function jsonOf(values: FormData, name: string): unknown {
  const text = textOf(values, name).trim();
  try {
    return text === '' ? null : (JSON.parse(text) as unknown);
  } catch {
    throw new ApiError(name === 'style' ? t('layer.wrongStyle') : t('layer.wrongSchema'), 'BAD_INPUT');
  }
}

/** Left empty it stays. */
function positionOf(values: FormData): { position?: number } {
  const text = textOf(values, 'position').trim();
  return /^-?\d+$/.test(text) ? { position: Number(text) } : {};
}

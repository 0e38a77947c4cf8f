// In React, from version 19 on, they are elements like others: what is a property is set as one, `onsluice-state` listens.
import { createElement, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { defineComponents } from 'sluice/components';

defineComponents();

function Answer() {
  const [stream, show] = useState('answers/1');
  const [state, setState] = useState('');
  return [
    createElement('p', { key: 'state', id: 'state' }, state),
    createElement('sluice-tokens', {
      key: 'tokens',
      stream,
      bare: true,
      'onsluice-state': ({ detail }) => setState(detail.state),
    }),
    createElement('button', { key: 'other', onClick: () => show('answers/2') }, 'Another answer'),
  ];
}

createRoot(document.querySelector('#app')).render(createElement(Answer));

// In Vue they are elements like others: properties, attributes and events go where they belong.
import { defineComponents } from 'sluice/components';
import { createApp, h, ref } from 'vue';

defineComponents();

createApp({
  setup() {
    const [stream, state] = [ref('answers/1'), ref('')];
    return () => [
      h('p', { id: 'state' }, state.value),
      h('sluice-tokens', {
        stream: stream.value,
        bare: true,
        onSluiceState: ({ detail }) => (state.value = detail.state),
      }),
      h('button', { onClick: () => (stream.value = 'answers/2') }, 'Another answer'),
    ];
  },
}).mount('#app');

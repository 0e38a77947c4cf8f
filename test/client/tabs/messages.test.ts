import { describe, expect, it } from 'vitest';
import { listen, say } from '../../../src/client/tabs/messages.js';
import { FakeBrowser } from './browser.js';

describe('messages', () => {
  it('are heard by all that listen to the channel, and not by who speaks', () => {
    const { BroadcastChannel: Channel } = new FakeBrowser((work) => work()).tab();
    const heard: string[] = [];
    const [one, two] = [new Channel('a'), new Channel('a')];
    listen<string>(one, (message) => heard.push(`one ${message}`));
    listen<string>(two, (message) => heard.push(`two ${message}`));
    listen<string>(new Channel('b'), (message) => heard.push(`other ${message}`));
    say(one, 'hello');
    expect(heard).toEqual(['two hello']);
  });
});

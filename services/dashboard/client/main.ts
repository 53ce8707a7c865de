import { chartsLater } from './charts-later.js';
import { startEpochSlider } from './epoch-slider.js';
import { keepTime } from './elapsed.js';
import { keepLive, scrollToEnds } from './live.js';
import { startTableView } from './table-view.js';

// One listener for all forms: those that come with an update are asked about too.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement)) return;
  const question = form.dataset.confirm;
  if (question !== undefined && !window.confirm(question)) event.preventDefault();
});

document.documentElement.classList.add('js');
startTableView();
startEpochSlider();
scrollToEnds(document.body);
keepTime();
const charts = [...document.querySelectorAll<HTMLElement>('[data-charts]')].map(chartsLater);
const events = document.body.dataset.events;
if (events !== undefined) keepLive(events, charts);

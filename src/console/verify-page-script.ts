/**
 * What the page does where scripts run: takes a dropped file, shows how far it has been sent, and shows the report in a frame in which no script can
 * run. Where something here is missing, the form is sent as any form. Text from the server is only ever set as text.
 */
export const VERIFY_SCRIPT = `(() => {
  'use strict';
  const $ = (id) => document.getElementById(id);
  const words = JSON.parse($('words').textContent);
  const [state, stateText, progress, fault, result, frame, save] = ['state', 'state-text', 'progress', 'fault', 'result', 'report', 'save'].map($);
  const forms = [...document.querySelectorAll('form.check')];
  let saved = null;

  const busy = (isBusy) => {
    state.hidden = !isBusy;
    for (const button of document.querySelectorAll('form.check button')) button.disabled = isBusy;
  };
  const fail = (text) => {
    busy(false);
    fault.textContent = text;
    fault.hidden = false;
  };
  const clear = () => {
    fault.hidden = true;
    result.hidden = true;
    if (saved) URL.revokeObjectURL(saved);
    saved = null;
  };
  const show = (html, name) => {
    busy(false);
    frame.srcdoc = html;
    saved = URL.createObjectURL(new Blob([html], { type: 'text/html' }));
    save.href = saved;
    save.download = name + '.html';
    result.hidden = false;
    result.scrollIntoView({ behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
  };
  const fit = () => {
    const page = frame.contentDocument && frame.contentDocument.documentElement;
    if (page) frame.style.height = page.scrollHeight + 24 + 'px';
  };
  frame.addEventListener('load', () => {
    fit();
    for (const part of frame.contentDocument.querySelectorAll('details')) part.addEventListener('toggle', fit);
  });
  addEventListener('resize', fit);

  const said = (request) => {
    try {
      const problem = JSON.parse(request.responseText);
      return [problem.title, problem.detail].filter((part) => typeof part === 'string').join(': ') || words.refused;
    } catch {
      return words.refused;
    }
  };
  const send = (form) => {
    clear();
    const files = [...form.querySelectorAll('input[type=file]')].map((input) => input.files[0]);
    if (files.some((file) => file.size > Number(form.dataset.maxBytes))) return fail(words.tooLarge);
    busy(true);
    stateText.textContent = words.uploading;
    progress.value = 0;
    const request = new XMLHttpRequest();
    request.open('POST', form.getAttribute('action'));
    request.setRequestHeader('Accept', 'text/html, application/problem+json');
    request.upload.addEventListener('progress', (event) => {
      if (!event.lengthComputable) return;
      progress.value = (event.loaded / event.total) * 100;
      stateText.textContent = words.uploading + ' ' + Math.round(progress.value) + ' %';
    });
    request.upload.addEventListener('load', () => {
      stateText.textContent = words.checking;
      progress.removeAttribute('value');
    });
    request.addEventListener('error', () => fail(words.unreachable));
    request.addEventListener('load', () => {
      const isPage = (request.getResponseHeader('content-type') || '').startsWith('text/html');
      if (request.status === 200 && isPage) show(request.responseText, files[0].name);
      else fail(said(request));
    });
    request.send(new FormData(form));
  };

  for (const form of forms) {
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      send(form);
    });
  }
  const [first] = forms;
  const input = $('document');
  const drop = document.querySelector('.drop');
  input.addEventListener('change', () => {
    if (input.files.length > 0) first.requestSubmit();
  });
  for (const name of ['dragenter', 'dragover']) addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add('over');
  });
  for (const name of ['dragleave', 'drop']) addEventListener(name, () => drop.classList.remove('over'));
  addEventListener('drop', (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length === 0) return;
    input.files = event.dataTransfer.files;
    first.requestSubmit();
  });
  $('again').addEventListener('click', () => {
    clear();
    for (const form of forms) form.reset();
    scrollTo(0, 0);
    input.focus();
  });
})();`;

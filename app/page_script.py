"""The one script around every page: two things that Streamlit leaves undone in the browser.

A folder that is dropped keeps the names of its folders: Streamlit sends them only for folders that
are chosen in a dialog. And on a phone the sidebar goes when something was chosen in it, as it does
when one touches what is beside it. It knows none of the pages' data.
"""

from __future__ import annotations

SCRIPT = """<script>
(() => {
  if (window.kvasirPage) return;
  window.kvasirPage = true;
  const name = 'webkitRelativePath';
  const known = Object.getOwnPropertyDescriptor(File.prototype, name);
  if (known && known.get) Object.defineProperty(File.prototype, name, { ...known, get() {
    const path = known.get.call(this) || String(this.path || '').replace(/^[.]?[/]/, '');
    return path.includes('/') ? path : '';
  } });
  const chosen = '.st-key-new-chat button, [class*="st-key-open-chat-"] button, '
    + '[data-testid="stSidebarNavLink"]';
  document.addEventListener('click', (event) => {
    if (!event.target.closest || !event.target.closest(chosen)) return;
    setTimeout(() => {
      const beside = document.querySelector('.stMain');
      if (beside) beside.dispatchEvent(new MouseEvent('mousedown', { bubbles: true }));
    });
  });
})();
</script>"""

// News of what went well goes by itself once it could be read. Its time stands still in a tab that nobody sees, and
// begins anew while one points at it or is in it. What failed stays until somebody puts it away.
{
  const READ = 8000; // ms
  const STEP = 500;
  let shown = null;
  let left = READ;
  setInterval(() => {
    const notice = document.querySelector("#news [data-goes]");
    if (notice !== shown || notice?.matches(":hover, :focus-within")) left = READ;
    shown = notice;
    if (!notice || document.hidden) return;
    left -= STEP;
    if (left > 0) return;
    left = READ; // a network that is away: again later
    notice.querySelector("form").requestSubmit();
  }, STEP);
}

// On a phone the menu is one row that scrolls sideways: the page that is open stands in its middle, as far as it goes.
{
  const open = document.querySelector(".top nav [aria-current]");
  if (open) {
    const [row, link] = [open.parentElement, open].map((part) => part.getBoundingClientRect());
    open.parentElement.scrollLeft += link.left + link.width / 2 - (row.left + row.width / 2);
  }
}

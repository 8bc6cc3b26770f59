// On a phone the menu is one row that scrolls sideways: the page that is open stands in its middle, as far as it goes,
// also once the number of texts in the review has come and made the row wider.
{
  const open = document.querySelector(".top nav [aria-current]");
  const centre = () => {
    const [row, link] = [open.parentElement, open].map((part) => part.getBoundingClientRect());
    open.parentElement.scrollLeft += link.left + link.width / 2 - (row.left + row.width / 2);
  };
  if (open) {
    centre();
    open.parentElement.addEventListener("htmx:afterSwap", centre);
  }
}

// One request of a page that labels to the server, and what its reply means.

const PATIENCE = 20000; // ms until a request counts as lost

// The server's JSON; {error} for a definite no to this request; {lost: {why}} when it must be sent again, with `status`
// when the server failed, and `sentence` when it takes nothing of this person now.
export async function post(url, fields) {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of Array.isArray(value) ? value : [value]) body.append(name, one);
  }
  const headers = { Accept: "application/json", "X-CSRFToken": csrf() };
  const signal = AbortSignal.timeout(PATIENCE);
  try {
    const response = await fetch(url, { method: "POST", body, headers, signal, redirect: "manual", keepalive: true });
    const { status } = response;
    const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
    if (response.ok || status === 422) return await response.json();
    if ([403, 404, 410].includes(status) && isJson) {
      return { lost: { why: "refused", sentence: (await response.json()).error } };
    }
    // A form's token is refused with a page: the cookie went with the session.
    if (response.type === "opaqueredirect" || status === 403) return { lost: { why: "signed-out" } };
    const isGone = status === 404 || status === 410;
    if (isGone) return { lost: { why: "refused", sentence: gettext("This project is gone.") } };
    return { lost: { why: "failed", status } };
  } catch {
    return { lost: { why: "no answer" } };
  }
}

// The cookie's, not the page's: signing in again in another tab has given a new one.
export function csrf() {
  const name = `${document.querySelector("[data-csrf-cookie]").dataset.csrfCookie}=`;
  const cookie = document.cookie.split("; ").find((one) => one.startsWith(name));
  return cookie ? cookie.slice(name.length) : document.querySelector("[name=csrfmiddlewaretoken]").value;
}

// What the page was made with; `payload` and `history` change when newer files are read.

const embedded = (id) => JSON.parse(document.getElementById(id).textContent);
const declared = embedded("declared");
let payload = embedded("payload");
let history = embedded("history");

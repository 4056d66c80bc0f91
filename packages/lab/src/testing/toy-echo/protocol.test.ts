import { conformance } from "../../conformance.ts";
import { echo, echoSpecification } from "./protocol.ts";

conformance(echo, { ...echoSpecification, name: "a protocol that states what it does not detect" });

/**
 * What a board has and the Linux interpreter has not: pins. A boot file in front of the bundle replaces the pin
 * functions by ones that speak over a third pseudo-terminal: `w D10 1` for every level set, `p D10 1 50` for a
 * hardware pulse; `D9=1` sets an input, `memory` asks for the JsVars in use, `graph` for all of them with their
 * links, printed on standard output. From `watch` on, the JsVars in use are looked at whenever host or modem are written to, which is deep
 * inside whatever goes on; `most` asks for the most that was seen since. `throw` throws out of a callback, `hog` takes all
 * JsVars but a few hundred until the next start. The bundle itself is untouched.
 */
export const PINS_PTY = 'pins.pty';
/** Printed behind the last JsVar. */
export const GRAPH_END = 'graph end';

/** Source of the boot file, in Espruino's subset. */
export const PIN_SHIM = `
(function(){
var levels={},rest="",most=0,hog=[];
function send(text){Serial3.write(text+"\\n")}
global.digitalWrite=function(pin,level){levels[pin]=level?1:0;send("w "+pin+" "+levels[pin])};
global.digitalRead=function(pin){return levels[pin]||0};
global.digitalPulse=function(pin,level,ms){send("p "+pin+" "+(level?1:0)+" "+ms)};
global.pinMode=function(){};
function look(collect){var used=process.memory(collect).usage;if(used>most)most=used;return used}
function watch(port){
var write=port.write.bind(port);
port.write=function(data){look(false);write(data)}
}
function take(line){
if(line=="memory")send("m "+look(true));
else if(line=="watch"){most=0;watch(Serial1);watch(Serial2);send("m "+look(true))}
else if(line=="most")send("m "+most);
else if(line=="throw")throw new Error("thrown by the shim");
else if(line=="hog"){while(process.memory().free>300)hog.push(new Array(40).fill(0))}
else if(line=="graph"){
E.setConsole(USB,{force:true});E.dumpVariables();print("${GRAPH_END}");E.setConsole(null,{force:true})}
else{var parts=line.split("=");levels[parts[0]]=+parts[1]}
}
Serial3.on("data",function(data){
var lines=(rest+data).split("\\n");
rest=lines.pop();
lines.forEach(take)
});
Serial3.setup(115200,{path:"${PINS_PTY}"});
send("boot")
})();
`;

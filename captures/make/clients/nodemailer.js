const n=require('nodemailer'); const t=n.createTransport({host:'127.0.0.1',port:22525,name:'client.test',logger:true,debug:true,transactionLog:process.argv[3]==='t',tls:{rejectUnauthorized:false},auth:{user:'alice',pass:process.argv[2]}});
t.sendMail({from:'a@lab.test',to:'bob@lab.test',subject:'t',text:'hello\n.dot\n'}).catch(e=>console.log(e)).finally(()=>t.close());
